import { ContainerStateError } from "../base/errors.ts";
import { shown } from "../schema/faults.ts";

/** The longest name of a file or folder on the file systems in use; each container's state is a folder. */
const maximumLength = 255;

/**
 * Requires a container id that is safe as the name of a folder: letters, digits and `_ + - .`.
 *
 * @throws {ContainerStateError} `CONTAINER_ID`
 */
export function requireContainerId(id: string): void {
  const problem = problemOf(id);
  if (problem !== undefined) throw new ContainerStateError("CONTAINER_ID", id, problem);
}

function problemOf(id: string): string | undefined {
  if (id === "") return "Cannot use the container id: container id cannot be empty";
  const subject = `Cannot use the container id ${shown(id)}: invalid container ID format`;
  if (id.length > maximumLength)
    return `${subject}, it has ${id.length} characters and at most ${maximumLength} are allowed`;
  if (!/^[A-Za-z0-9_+.-]+$/.test(id)) return `${subject}, allowed are letters, digits and _ + - .`;
  if (id === "." || id === "..") return `${subject}, . and .. are folders`;
  return undefined;
}
