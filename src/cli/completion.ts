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
    if (commandClass.hidden === true) continue;
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
  const names = commands.map(({ name }) => name);
  const flags = commands.map(({ name, flags: words }) => `    "${name}") flags="${words.join(" ")}" ;;`);
  const topics = topicsOf(names).map((topic) => `    "${topic} ") words="${secondWords(names, topic)}" ;;`);
  return `_runhcs() {
  local word=\${COMP_WORDS[COMP_CWORD]} command= start= candidate flags words ids
  for candidate in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "|${names.join("|")}|" in
      *"|$start$candidate|"*) command=$start$candidate; break ;;
      *"|$candidate "*) start="$candidate " ;;
      *) start= ;;
    esac
  done
  case $start in
${topics.join("\n")}
    *) words="${firstWords(names).join(" ")}" ;;
  esac
  case $command in
    "") COMPREPLY=($(compgen -W "$words" -- "$word")); return ;;
${flags.join("\n")}
  esac
  case "|${names.filter((name) => !takesId(name)).join("|")}|" in
    *"|$command|"*) ids= ;;
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
  const names = commands.map(({ name }) => name);
  for (const topic of topicsOf(names)) {
    lines.push(`complete -c runhcs -n __fish_use_subcommand -a ${topic}`);
    lines.push(
      `complete -c runhcs -F -n "__fish_seen_subcommand_from ${topic}" -a "${secondWords(names, topic)}"`,
    );
  }
  for (const { name, summary, flags } of commands) {
    const seen = name.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
    const here = `-n "${seen.join("; and ")}"`;
    if (seen.length === 1)
      lines.push(`complete -c runhcs -n __fish_use_subcommand -a ${name} -d "${summary}"`);
    for (const flag of flags) lines.push(`complete -c runhcs ${here} -l ${flag.slice(2)}`);
    if (takesId(name)) lines.push(`complete -c runhcs ${here} -a "(runhcs list --quiet 2>/dev/null)"`);
  }
  return lines.join("\n");
}

/** Commands of two words take paths. */
function takesId(name: string): boolean {
  return !WITHOUT_ID.includes(name) && !name.includes(" ");
}

/** The first words of commands that have two. */
function topicsOf(names: readonly string[]): string[] {
  return firstWords(names.filter((name) => name.includes(" ")));
}

function firstWords(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.split(" ")[0] ?? name))];
}

function secondWords(names: readonly string[], topic: string): string {
  return names
    .filter((name) => name.startsWith(`${topic} `))
    .map((name) => name.slice(topic.length + 1))
    .join(" ");
}
