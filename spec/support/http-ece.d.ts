/** http_ece 1.2.0 as far as specs use it. */
declare module 'http_ece' {
  import { type ECDH } from 'node:crypto'

  interface Keys {
    readonly version: 'aes128gcm'
    readonly privateKey?: ECDH
    readonly authSecret?: string
    /** Base64url of the input keying material, where there is no `privateKey`. */
    readonly key?: string
  }
  export function decrypt(body: Buffer, keys: Keys): Buffer
}
