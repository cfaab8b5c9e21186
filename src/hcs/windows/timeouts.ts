/** How long this host waits for the service, all in one place. */

/** One wait: the end of its variable's name, and its length if that is not set. */
interface Wait {
  readonly variable: string;
  readonly seconds: number;
}

const WAITS = {
  /** The call that creates a system returns; after that, as long again, it tells that it is done. */
  systemCreate: { variable: "SYSTEMCREATE", seconds: 240 },
  systemStart: { variable: "SYSTEMSTART", seconds: 240 },
  systemPause: { variable: "SYSTEMPAUSE", seconds: 240 },
  systemResume: { variable: "SYSTEMRESUME", seconds: 240 },
  systemSave: { variable: "SYSTEMSAVE", seconds: 240 },
  /** A system is gone that nothing holds any more, such as one whose process was killed. */
  systemEnd: { variable: "SYSTEMEND", seconds: 30 },
  /** Any other call returns. */
  call: { variable: "SYSCALLWATCHER", seconds: 240 },
  /** Calls under way end before a handle is closed; after that, it is closed when they do. */
  close: { variable: "CLOSE", seconds: 30 },
  /** The exit of a process arrives that a signal did not reach any more. */
  lostExit: { variable: "LOSTEXIT", seconds: 1 },
  /** A command in the guest of a VM is done that looks, or sets something up. */
  guestCommand: { variable: "EXTERNALCOMMANDCOMPLETE", seconds: 240 },
  /** The guest sees a disk or a device that its VM was given. */
  guestDevice: { variable: "TESTDRETRYLOOP", seconds: 5 },
  /** The guest has installed the drivers of a folder; they are many and large at times. */
  guestDriver: { variable: "DRIVERINSTALL", seconds: 600 },
  /** Passes between two questions whether what is waited for has ended and was not told. */
  exitCheck: { variable: "EXITCHECK", seconds: 60 },
} as const satisfies Record<string, Wait>;

/** The waits by name, in milliseconds. */
export type Timeouts = Readonly<Record<keyof typeof WAITS, number>>;

/**
 * Reads the waits from `RUNHCS_TIMEOUT_NAME` or, as other programs for the service call them,
 * `HCSSHIM_TIMEOUT_NAME`: whole seconds above zero; anything else leaves the usual length.
 */
export function readTimeouts(env: Readonly<Record<string, string | undefined>>): Timeouts {
  const entries = Object.entries(WAITS).map(([name, { variable, seconds }]) => {
    const text = env[`RUNHCS_TIMEOUT_${variable}`] ?? env[`HCSSHIM_TIMEOUT_${variable}`] ?? "";
    const chosen = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    return [name, (chosen > 0 ? chosen : seconds) * 1000];
  });
  return Object.fromEntries(entries) as Timeouts;
}
