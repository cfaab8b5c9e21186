import type { Interfaces } from "@oclif/core";
import { Command } from "@oclif/core/command";
import { stringifyJson } from "../base/lossless-json.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { settableFlags } from "./argv.ts";
import type { CommandTable, RunnableCommand } from "./command-table.ts";
import { globalFlags } from "./flags.ts";
import { openRuntime, type RuntimeFlags } from "./open-runtime.ts";
import { Phases } from "./phases.ts";
import { printLine, wantsColour, writeText } from "./print.ts";
import { failureMessage } from "./render-error.ts";
import { colourTable, tableLines } from "./table.ts";

type FlagOutput = Interfaces.OutputFlags<Interfaces.FlagInput>;
type ArgOutput = Interfaces.OutputArgs<Interfaces.ArgInput>;

/** The base of all commands: what they share of reading the line, opening the runtime and printing. */
export abstract class RuntimeCommand extends Command implements RunnableCommand {
  static override baseFlags = globalFlags;
  /** Whether the words behind the first operand belong to a container's program. */
  static operandsEndFlags = false;
  /** Exit code of a failure. */
  static failureCode = 1;

  /** Words that are no flags, in order and untouched; oclif's own list of them is reordered. */
  operands: readonly string[] = [];
  phases = new Phases();
  /** Every command, for those that tell of them. */
  commands: CommandTable = {};

  /** Acts. @returns the exit code, 0 if undefined */
  abstract override run(): Promise<number | void>;

  /** Runs oclif's life cycle around `run`. @returns the exit code */
  async execute(): Promise<number> {
    const code: unknown = await this._run();
    return typeof code === "number" ? code : 0;
  }

  /** Nothing of oclif's own start-up (user agent, deprecations, hooks) is wanted. */
  override async init(): Promise<void> {}

  /** Failures are reported in one place, by whoever started the command. */
  protected override async catch(error: Error): Promise<void> {
    throw error;
  }

  /** Gives oclif only the flags that this line sets, because its parser's time grows with their number. */
  protected override parse<F extends FlagOutput, B extends FlagOutput, A extends ArgOutput>(
    options?: Interfaces.Input<F, B, A>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    const table = settableFlags({ ...options?.baseFlags, ...options?.flags }, this.argv);
    const fewer = { ...options, baseFlags: {}, flags: table };
    return super.parse(fewer as Interfaces.Input<F, B, A>, argv);
  }

  protected openRuntime(flags: RuntimeFlags): Promise<Runtime> {
    this.phases.mark("parse");
    return openRuntime(flags, {
      mark: (step) => this.phases.mark(step),
      warn: (failure) => this.warnOf(failure),
    });
  }

  protected print(line: string): void {
    printLine(line);
  }

  /** Prints columns; on a terminal the header and the words of a status are coloured. */
  protected async printTable(header: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
    const lines = tableLines([header, ...rows]);
    const shown = (await wantsColour(1)) ? await colourTable(lines) : lines;
    for (const line of shown) printLine(line);
  }

  /** Prints JSON on one line. */
  protected printJsonLine(value: unknown): void {
    printLine(stringifyJson(value));
  }

  /** Tells on standard error of something that does not end the command. */
  protected warnOf(failure: unknown): void {
    writeText(2, `${failureMessage(failure)}\n`);
  }

  /** Prints JSON indented as runc does; integers of any size keep their digits. */
  protected printJson(value: unknown): void {
    printLine(stringifyJson(value, 2));
  }
}
