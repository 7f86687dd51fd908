/** What the specs use of `http_ece` 1.2.0, which has no types of its own. */
declare module 'http_ece' {
  import { type ECDH } from 'node:crypto'

  /** Binary values as octets or base64url. */
  interface Parameters {
    readonly version: 'aes128gcm'
    readonly privateKey?: ECDH
    /** The receiver's public key, when encrypting. */
    readonly dh?: string | Buffer
    readonly authSecret?: string | Buffer
    readonly key?: string | Buffer
    readonly salt?: string | Buffer
    readonly rs?: number
    readonly pad?: number
    readonly keyid?: string
  }

  export function encrypt(plaintext: Buffer, parameters: Parameters): Buffer
  export function decrypt(body: Buffer, parameters: Parameters): Buffer
}
