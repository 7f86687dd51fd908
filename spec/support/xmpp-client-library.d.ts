/** What the specs use of `@xmpp/client` 0.13.1, which has no types of its own. */
declare module '@xmpp/client' {
  import { type Element } from '@xmpp/xml'

  interface Client {
    /** Milliseconds that logging in may take. */
    timeout: number
    readonly jid: { toString(): string } | null
    readonly reconnect: { stop(): void }
    readonly iqCaller: { request(stanza: Element, timeoutMs?: number): Promise<Element> }
    start(): Promise<unknown>
    stop(): Promise<unknown>
    readonly socket: { destroy(): void } | null
    readonly streamManagement: { readonly enabled: boolean; readonly id: string }
    send(stanza: Element): Promise<void>
    on(event: 'error', listener: (error: Error) => void): this
    on(event: 'stanza', listener: (stanza: Element) => void): this
  }

  export function client(options: {
    readonly service: string
    readonly domain: string
    readonly resource?: string
    readonly username: string
    readonly password: string
  }): Client
}
