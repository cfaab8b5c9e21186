// A double of the two functions of kernel32.dll that make and remove mount points of volumes, which Wine does not have.
import type { NativeLibrary } from "../../src/hcs/windows/koffi.ts";
import type { LoadLibrary } from "../../src/hcs/windows/bindings/open-library.ts";

const ERROR_NOT_A_REPARSE_POINT = 4390;

type Done = (error: unknown, value: number) => void;

/** Mount points by their folder; everything else of kernel32.dll is the host's own. */
export class MountPoints {
  /** Volume, or what stands for it, by the folder at which it is seen. Neither ends with a backslash. */
  readonly shown = new Map<string, string>();
  /** Last error with which the next call of a function fails. */
  readonly failures = new Map<string, number>();
  /** What the last call of the double has left; the next question for it takes it. */
  #lastError: number | undefined;

  /** Puts the double in front of the libraries. */
  in(loadLibrary: LoadLibrary): LoadLibrary {
    return (file) => (file === "kernel32.dll" ? this.#before(loadLibrary(file)) : loadLibrary(file));
  }

  #before(real: NativeLibrary): NativeLibrary {
    const own: Record<string, (...args: string[]) => boolean> = {
      SetVolumeMountPointW: (folder = "", volume = "") => this.#set(folder, volume),
      DeleteVolumeMountPointW: (folder = "") => this.#delete(folder),
    };
    return new Proxy(real, {
      get: (library, member) =>
        member === "func"
          ? (...args: unknown[]) => this.#bind(library, own, args)
          : Reflect.get(library, member),
    });
  }

  #bind(
    library: NativeLibrary,
    own: Record<string, (...args: string[]) => boolean>,
    args: unknown[],
  ): unknown {
    const name = String(args[1]);
    const act = own[name];
    if (name === "GetLastError") return this.#tellError(Reflect.apply(library.func, library, args));
    if (act === undefined) return Reflect.apply(library.func, library, args);
    const call = (...inputs: string[]): boolean => this.#call(name, act, inputs);
    const async = (...inputs: (string | Done)[]): void => {
      const done = inputs.pop() as Done;
      setImmediate(() => done(null, Number(call(...(inputs as string[])))));
    };
    return Object.assign(call, { async });
  }

  #tellError(real: () => number): () => number {
    return () => {
      const own = this.#lastError;
      this.#lastError = undefined;
      return own ?? real();
    };
  }

  #call(name: string, act: (...args: string[]) => boolean, inputs: string[]): boolean {
    this.#lastError = 0;
    const failure = this.failures.get(name);
    if (failure === undefined) return act(...inputs.map((path) => path.slice(0, -1)));
    this.failures.delete(name);
    this.#lastError = failure;
    return false;
  }

  #set(folder: string, volume: string): boolean {
    this.shown.set(folder, volume);
    return true;
  }

  #delete(folder: string): boolean {
    this.#lastError = ERROR_NOT_A_REPARSE_POINT;
    return this.shown.delete(folder);
  }
}
