import type { Runtime, WindowsRuntime } from "../runtime.ts";

/** The runtime on a Windows host. */
export type RuntimeOnWindows = Runtime & { windows: WindowsRuntime };
