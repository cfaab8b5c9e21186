/** Words of a status, and how good they are. */
const COLOURS = {
  green: ["running", "ok"],
  yellow: ["paused", "created", "creating", "warn"],
  red: ["stopped", "fail"],
};

/** Colours the header and statuses of a laid-out table. */
export async function colourTable([header = "", ...rows]: readonly string[]): Promise<string[]> {
  const { default: chalk } = await import("chalk");
  const words = Object.entries(COLOURS).flatMap(([colour, all]) =>
    all.map((word) => [word, colour] as const),
  );
  const styles = new Map(words);
  const colour = (cell: string): string => {
    const style = styles.get(cell.trim()) as keyof typeof COLOURS | undefined;
    return style === undefined ? cell : chalk[style](cell);
  };
  return [chalk.bold(header), ...rows.map((row) => row.replace(/(?<=^|   )\w+(?=   |$)/g, colour))];
}

/** Lays out rows as columns, three blanks apart; control characters, which paths may hold, become question marks. */
export function tableLines(cells: readonly (readonly string[])[]): string[] {
  const rows = cells.map((row) => row.map((cell) => cell.replaceAll(/\p{Cc}/gu, "?")));
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd((widths[at] ?? 0) + 3))
      .join("")
      .trimEnd(),
  );
}
