// Makes scratches in processes of their own, from the sources.
import { spawn, type ChildProcess } from "node:child_process";
import { buildSync } from "esbuild";

/** Bundles the program that {@link startScratch} runs. */
export function bundleScratchProgram(path: string): void {
  buildSync({
    stdin: {
      contents: `import { createScratch } from "./src/layers/create-scratch.ts";
        const [path, cachePath, count] = process.argv.slice(2);
        (async () => {
          for (let made = 0; made < Number(count); made++) {
            await createScratch({ destination: { path, force: true }, cachePath: cachePath || undefined });
          }
        })();`,
      resolveDir: `${import.meta.dirname}/../../..`,
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: path,
  });
}

/** Starts a process that makes a scratch again and again. */
export function startScratch(
  program: string,
  { path, cachePath = "", count = 1 }: { path: string; cachePath?: string; count?: number },
): { child: ChildProcess; ended: Promise<{ code: number | null; stderr: string }> } {
  const child = spawn(process.execPath, [program, path, cachePath, String(count)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, stderr })),
  );
  return { child, ended };
}
