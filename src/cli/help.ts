import type { Command, Interfaces } from "@oclif/core";
import { CommandHelp } from "@oclif/core/help";
import type { CommandClass, CommandTable } from "./command-table.ts";
import { globalFlags } from "./flags.ts";
import { printLine } from "./print.ts";
import { tableLines } from "./table.ts";
import { versionText } from "./version.ts";

/** Prints the help of one command. @returns the exit code */
export function printCommandHelp(name: string, commandClass: CommandClass): number {
  const globals = Object.entries(globalFlags).map(([flag, value]) => [
    flag,
    { ...value, helpGroup: "GLOBAL" },
  ]);
  const { summary, description, args, examples, strict } = commandClass;
  const flags = named({ ...commandClass.flags, ...Object.fromEntries(globals) });
  const command = { id: name, summary, description, args: named(args), flags, examples, strict, aliases: [] };
  const config = { bin: "runhcs", topicSeparator: " ", platform: "linux", theme: undefined };
  const help = new CommandHelp(
    command as unknown as Command.Loadable,
    config as unknown as Interfaces.Config,
    {
      maxWidth: 100,
      stripAnsi: true,
    } as Interfaces.HelpOptions,
  );
  if (summary !== undefined) printLine(`${summary}\n`);
  printLine(help.generate());
  return 0;
}

/** Prints what there is: every command with its summary. @returns the exit code */
export async function printRootHelp(commands: CommandTable): Promise<number> {
  const rows: string[][] = [];
  for (const [name, load] of Object.entries(commands)) {
    const { default: commandClass } = await load();
    if (commandClass.hidden !== true) rows.push([`  ${name}`, commandClass.summary ?? ""]);
  }
  printLine(`Runs OCI containers, as the runtime of an engine or by hand.

USAGE
  $ runhcs [GLOBAL FLAGS] COMMAND [FLAGS] [ARGUMENTS]

COMMANDS
${tableLines(rows).join("\n")}

GLOBAL FLAGS
${tableLines(globalFlagRows()).join("\n")}

Help on one command: runhcs COMMAND --help
${versionText().split("\n")[0] ?? ""}`);
  return 0;
}

function globalFlagRows(): string[][] {
  return Object.entries(globalFlags)
    .filter(([, flag]) => flag.hidden !== true)
    .map(([name, flag]) => [`  --${name}`, flag.description ?? ""]);
}

/** oclif expects each flag and argument to know its own name. */
function named<T extends object>(table: Record<string, T>): Record<string, T & { name: string }> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, { ...value, name }]));
}
