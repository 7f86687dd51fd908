// What of @xmpp/component 0.13.1 is used here, private members included: the release is pinned, and 0.13 is frozen.

declare module '@xmpp/component' {
  import { type EventEmitter } from 'node:events'
  import { type Socket } from 'node:net'
  import { type Element } from 'ltx'

  interface ParserOfStream extends EventEmitter {
    write(text: string): void
  }

  interface ComponentEntity extends EventEmitter {
    /** Milliseconds of the library's own timers; 0: none. */
    timeout: number
    readonly reconnect: { stop(): void }
    Parser: new () => ParserOfStream
    readonly parser: ParserOfStream | null
    authenticate(id: string, password: string): Promise<void>
    open(options: { domain: string }): Promise<unknown>
    _attachSocket(socket: Socket): void
    _onData(data: Buffer): void
    _onParserError(error: Error): void
    _onStreamError(element: Element): void
    _end(): Promise<unknown>
  }

  export function component(options: { service: string; domain: string; password: string }): ComponentEntity
}
