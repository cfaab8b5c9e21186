/** Flags of mount(2). @see https://github.com/torvalds/linux/blob/master/include/uapi/linux/mount.h */
export const MOUNT_FLAG = {
  readOnly: 1,
  noSetUserId: 2,
  noDevices: 4,
  noExecution: 8,
  bind: 4096,
  private: 1 << 18,
} as const;
