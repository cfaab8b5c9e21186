/**
 * Sockets that a service manager has opened for a container's program, by the protocol of sd_listen_fds(3):
 * descriptors from 3 upwards, announced in the environment of one process.
 */
import type { InitAttachment, LinuxContainerDocument } from "../compute-service.ts";

/** Variables of the protocol; the program gets its own. */
export const LISTEN_VARIABLES: readonly string[] = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/** What is needed to make a system. */
export interface SystemRequest {
  document: LinuxContainerDocument;
  attachment: InitAttachment;
}

/** Passes the caller's sockets on to the init process, which is process 1 and gets them from 3 upwards. */
export function withListenFds(request: SystemRequest, env: NodeJS.ProcessEnv, pid: number): SystemRequest {
  const count = listenFds(env, pid);
  const { document, attachment } = request;
  const { process } = document.OciSpecification;
  if (count === 0 || process === undefined) return request;
  const names = env["LISTEN_FDNAMES"];
  const announced = [`LISTEN_FDS=${count}`, "LISTEN_PID=1"];
  if (names !== undefined) announced.push(`LISTEN_FDNAMES=${names}`);
  const OciSpecification = {
    ...document.OciSpecification,
    process: { ...process, env: [...(process.env ?? []), ...announced] },
  };
  return {
    document: { ...document, OciSpecification },
    attachment: { ...attachment, preserveFds: attachment.preserveFds + count },
  };
}

/** They are meant for another process if its pid is named. */
function listenFds({ LISTEN_FDS, LISTEN_PID }: NodeJS.ProcessEnv, pid: number): number {
  if (LISTEN_FDS === undefined || (LISTEN_PID !== undefined && LISTEN_PID !== String(pid))) return 0;
  return /^\d{1,4}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : 0;
}
