import { UsageError } from "../base/errors.ts";
import type { CommandTable } from "./command-table.ts";
import { globalFlags } from "./flags.ts";

/** What can follow one command. */
interface Completable {
  name: string;
  summary: string;
  flags: string[];
}

const SHELLS: Readonly<Record<string, (commands: readonly Completable[]) => string>> = {
  bash: bashScript,
  zsh: (commands) => `autoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`,
  fish: fishScript,
};

/** Commands whose operand is a container's id. */
const WITHOUT_ID = ["list", "spec", "features", "doctor", "gc", "completion", "create", "run", "restore"];

/** The completion script of a shell. @throws {UsageError} for another shell */
export async function completionScript(shell: string, table: CommandTable): Promise<string> {
  const script = SHELLS[shell];
  if (script === undefined) {
    throw new UsageError(`Cannot complete for "${shell}": the shells are ${Object.keys(SHELLS).join(", ")}`);
  }
  const commands: Completable[] = [];
  for (const [name, load] of Object.entries(table)) {
    const { default: commandClass } = await load();
    const flags = Object.entries({ ...commandClass.flags, ...globalFlags });
    commands.push({
      name,
      summary: commandClass.summary ?? "",
      flags: flags.filter(([, flag]) => flag.hidden !== true).map(([flag]) => `--${flag}`),
    });
  }
  return script(commands);
}

function bashScript(commands: readonly Completable[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const flags = commands
    .map(({ name, flags: words }) => `    ${name}) flags="${words.join(" ")}" ;;`)
    .join("\n");
  return `_runhcs() {
  local word=\${COMP_WORDS[COMP_CWORD]} command= candidate flags ids
  for candidate in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${names} " in *" $candidate "*) command=$candidate; break ;; esac
  done
  case $command in
    "") COMPREPLY=($(compgen -W "${names}" -- "$word")); return ;;
${flags}
  esac
  case " ${WITHOUT_ID.join(" ")} " in
    *" $command "*) ids= ;;
    *) ids=$(runhcs list --quiet 2>/dev/null) ;;
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$ids" -- "$word")) ;;
  esac
}
complete -o default -F _runhcs runhcs`;
}

function fishScript(commands: readonly Completable[]): string {
  const lines = ["complete -c runhcs -f"];
  for (const { name, summary, flags } of commands) {
    const here = `-n "__fish_seen_subcommand_from ${name}"`;
    lines.push(`complete -c runhcs -n __fish_use_subcommand -a ${name} -d "${summary}"`);
    for (const flag of flags) lines.push(`complete -c runhcs ${here} -l ${flag.slice(2)}`);
    if (!WITHOUT_ID.includes(name))
      lines.push(`complete -c runhcs ${here} -a "(runhcs list --quiet 2>/dev/null)"`);
  }
  return lines.join("\n");
}
