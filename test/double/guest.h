/* The programs of the guest of a VM, which run on this machine. */
#ifndef GUEST_H
#define GUEST_H
#include "hosted.h"

/* Gives the parameters of a process of this machine that stands for one of the guest; NULL if the guest knows none.
 * A program without a folder is one of the guest: the test program plays it, and knows the disks. */
json *guest_parameters(const json *parameters, const struct device *devices);
/* The same for a Windows VM, whose guest runs every other program as it is: NULL stands for that. The test program plays
 * those without a folder and those in a share of VSMB, and knows the PCI devices and the shares. */
json *windows_guest_parameters(const json *parameters, const struct device *devices);
#endif
