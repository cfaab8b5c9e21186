import type { Config } from "@oclif/core";
import type { RuntimeCommand } from "./runtime-command.ts";

/** A command class that can be made. */
export type CommandClass = (new (argv: string[], config: Config) => RuntimeCommand) &
  Pick<typeof RuntimeCommand, keyof typeof RuntimeCommand>;

/** Every command by name, loaded when it is called. */
export type CommandTable = Readonly<Record<string, () => Promise<{ default: CommandClass }>>>;
