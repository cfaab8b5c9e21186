/** Where traces of containers are looked for. */
export interface Trace {
  /** Absolute path of a folder that holds everything; the state is in `state` below it. */
  folder: string;
  /** Beginning of every container's id. */
  prefix: string;
  /** An environment variable, `NAME=value`, that every program was started with. */
  marker: string;
  /** Processes that are expected. */
  knownPids?: readonly number[];
}

/** Lists every trace of our containers, a line each; empty once all are deleted. */
export function footprint(trace: Trace): string[];

/** Lists processes that we started or that name our containers. */
export function processes(trace: Trace & { knownPids: readonly number[] }): string[];
