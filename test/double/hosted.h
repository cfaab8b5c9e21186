/* What utility VMs have that other systems have not: devices, and containers of Linux. */
#ifndef HOSTED_H
#define HOSTED_H
#include "double.h"

struct device;

/* Adds or removes what the request names on the host's or the guest's side; other changes are let pass. Gives why that
 * cannot be, or NULL. */
const char *change_device(struct device **devices, const json *request);
/* Gives why a VM with these devices cannot have a container with this document, or NULL: it has not all that the
 * document names. */
const char *refuse_devices(const struct device *devices, const json *document);
void forget_devices(struct device **devices);
/* Writes the SCSI disks as CONTROLLER:LUN=PATH|, one behind the other. */
void list_disks(const struct device *devices, text *to);
/* Writes the PCI devices as GUID=PATH/FUNCTION|, in capitals, and the shares of VSMB as NAME=PATH|. */
void list_pci(const struct device *devices, text *to);
void list_shares(const struct device *devices, text *to);

/* The parameters of a process as the host knows them. A Linux guest is given the whole OCI process, or knows its first
 * one by the container's document. Gives NULL if neither names a program. */
json *process_parameters(const json *parameters, const json *system);
#endif
