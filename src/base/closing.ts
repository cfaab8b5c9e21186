import { cleanUpAfter } from "./errors.ts";

/** What holds something of the host open. */
interface Open {
  close(): Promise<void>;
}

/**
 * Acts, and closes what it was done with. What came of the act is not changed by that: a handle that cannot be closed
 * is told beside a failure of the act, and makes none of its success, as it ends with this process.
 *
 * @throws what the act throws
 */
export async function closing<T>(open: Open, act: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await act();
  } catch (error) {
    throw await cleanUpAfter(error, () => open.close());
  }
  await open.close().catch(() => undefined);
  return result;
}
