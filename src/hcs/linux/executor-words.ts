/** The words of an executor's command line that make a container. */
import type { InitAttachment, SaveOptions } from "../compute-service.ts";
import type { SystemContext } from "./system-context.ts";

/** Options of `create`, `run` and `restore`. */
export function initWords(context: SystemContext, attachment: InitAttachment): string[] {
  const { folder } = context;
  const words = [...bundleWords(context), "--pid-file", folder.pidFile];
  if (attachment.consoleSocket !== undefined) words.push("--console-socket", attachment.consoleSocket);
  if (attachment.preserveFds > 0) words.push("--preserve-fds", String(attachment.preserveFds));
  if (attachment.noPivot) words.push("--no-pivot");
  if (attachment.noNewKeyring) words.push("--no-new-keyring");
  return words;
}

/** crun reads a specification from any file; runc only from `config.json` in the folder it is given. */
function bundleWords({ folder, record }: SystemContext): string[] {
  return record.executor.name === "crun"
    ? ["--bundle", record.bundle, "--config", folder.config]
    : ["--bundle", folder.path];
}

/** Flags as words: `--name` or `--name value`. */
export function flagWords(flags: SaveOptions["Flags"]): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, value],
  );
}
