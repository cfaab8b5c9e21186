/** A module of the program that is not in a function of the bundle. */
export interface CommonModule {
  /** Path below the repository's top. */
  path: string;
  /** Bytes of the bundle that it takes. */
  bytes: number;
  /** Modules of Node that it imports. */
  builtins: string[];
}

/** Bundles the program. @param define global names that are replaced, with the expressions that replace them */
export function bundleProgram(
  define: Readonly<Record<string, string>>,
): Promise<{ text: string; common: CommonModule[] }>;
