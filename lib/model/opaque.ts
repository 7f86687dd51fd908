/** Values that must never be printed: device tokens, node secrets, credentials. They carry their text and refuse to show it. */

const inspect = Symbol.for('nodejs.util.inspect.custom')

/** A token or secret. However it is printed (template, JSON, `util.inspect`), only `…` and its last four characters are seen. */
export class Opaque {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The text itself; only for the wire, the store and comparisons. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return this.#value.length < 12 ? '…' : `…${this.#value.slice(-4)}`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect](): string {
    return this.toString()
  }
}

/** A key, certificate or password of the configuration: its bytes, and where they came from, so that an error can name the place. */
export class Credential {
  readonly #bytes: Buffer
  /** For people: `file /etc/…/AuthKey.p8`, `environment variable XMPP_PUSH_SECRET`, `the configuration`. */
  readonly where: string

  constructor(bytes: Buffer, where: string) {
    this.#bytes = bytes
    this.where = where
  }

  bytes(): Buffer {
    return this.#bytes
  }

  /** The bytes as UTF-8 without the line end that editors leave behind. */
  text(): string {
    return this.#bytes.toString('utf8').replace(/\r?\n$/, '')
  }

  toString(): string {
    return `(${this.where})`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect](): string {
    return this.toString()
  }
}
