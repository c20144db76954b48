/** Requests with JSON bodies to the HTTP port of another broker. */
export interface HttpClient {
  /**
   * The parsed body of an answer with a 2xx status; undefined where it is empty.
   * @throws TailraceError the other's own error; CONNECTION_LOST when no program answers; TIMED_OUT after `timeoutMs`
   */
  request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    address: string,
    path: string,
    body: unknown,
    timeoutMs: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<unknown>
}
