export type Answer = Record<string, unknown> & { error: Record<string, unknown> };

/** Reads the function's answer: a token request or an error. */
export async function readAnswer(response: Response): Promise<Answer> {
  return (await response.json()) as Answer;
}
