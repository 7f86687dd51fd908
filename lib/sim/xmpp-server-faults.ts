/** The troubles that a script can make for the component, each as a real network or server makes it. */

/** How the server meets the connections that come from now on. */
export type Greeting =
  | 'normal'
  /** The connection is reset as soon as it is there. */
  | 'hang up'
  /** The connection is taken and no byte is ever sent. */
  | 'silent'
  /** The header is sent; the handshake is never answered. */
  | 'no answer to the handshake'
  /** `not-authorized`, whatever the secret. */
  | 'refuse the handshake'

export interface Faults {
  greeting: Greeting
  /** Every write is cut into pieces of so many bytes, each a segment of its own; undefined for whole writes. */
  splitBytes: number | undefined
  /** The stream id of the connections to come, where it shall be a special one. */
  streamId: string | undefined
  /** All connections stay open, but nothing is read or written any more; the function returned ends that. */
  halfOpen(): () => void
  /** Resets all connections. */
  drop(): void
  /** Closes all connections as a server does that is stopped: without a stream error. */
  end(): void
  /** Sends these very bytes on all connections. */
  raw(bytes: string | Buffer): void
  /** Ends all connections with this stream error (RFC 6120 §4.9.3). */
  streamError(condition: string, text?: string): void
  /** Frees the port and resets all connections: new ones are refused. */
  stopListening(): Promise<void>
  /** Takes the same port again. */
  listenAgain(): Promise<void>
}
