/** What a user certainly may not do with a file, judged from its mode alone. */
import type { FileLook } from "./machine.ts";

/** The user of a process, with ids as the host counts them. */
export interface FileUser {
  uid: number;
  /** Whether the process may pass over permissions (CAP_DAC_OVERRIDE). */
  overridesAccess: boolean;
}

/**
 * Whether a user certainly may not execute a file or pass through a folder.
 *
 * The bits of the group are also the upper limit of what an access control list grants, so only when neither they
 * nor those of all others allow it is the answer certain.
 */
export function certainlyForbidden({ mode, uid }: FileLook, user: FileUser | undefined): boolean {
  if ((mode & 0o111) === 0) return true;
  if (user === undefined || user.overridesAccess) return false;
  return user.uid === uid ? (mode & 0o100) === 0 : (mode & 0o011) === 0;
}
