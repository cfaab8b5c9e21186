/**
 * Waits for a promise and asks again and again, as long as it is not settled, whether it can be: the service sometimes
 * never tells of what it knows when it is asked. A question that is not answered yet is not asked a second time.
 *
 * @param ms milliseconds between two questions
 * @param ask settles the promise if the answer allows that, and deals with its own failures
 */
export async function askMeanwhile<T>(promise: Promise<T>, ms: number, ask: () => Promise<void>): Promise<T> {
  let isAsking = false;
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    void ask().finally(() => (isAsking = false));
  }, ms);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}
