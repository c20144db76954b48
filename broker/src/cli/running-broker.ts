/** A started broker, as the command line sees it: where it listens, with the real ports, and how to stop it. */
export interface RunningBroker {
  readonly http: string
  readonly peer: string
  stop(): Promise<void>
}
