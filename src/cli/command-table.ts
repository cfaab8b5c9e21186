import type { Command, Config } from "@oclif/core";
import type { Phases } from "./phases.ts";

/** A command as the dispatcher drives it. */
export interface RunnableCommand {
  /** Words that are no flags, in order and untouched. */
  operands: readonly string[];
  phases: Phases;
  /** Every command, for those that tell of them. */
  commands: CommandTable;
  /** Runs the command. @returns the exit code */
  execute(): Promise<number>;
}

/** A command class that can be made, and what its class says of it. */
export type CommandClass = (new (argv: string[], config: Config) => RunnableCommand) &
  Pick<
    typeof Command,
    "id" | "summary" | "description" | "args" | "flags" | "examples" | "strict" | "hidden"
  > & {
    /** Whether the words behind the first operand belong to a container's program. */
    operandsEndFlags: boolean;
    /** Exit code of a failure. */
    failureCode: number;
  };

/** Every command by name, loaded when it is called. */
export type CommandTable = Readonly<Record<string, () => Promise<{ default: CommandClass }>>>;
