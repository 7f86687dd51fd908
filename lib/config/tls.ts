/** What a listener proves itself with: a certificate, its key, and the authorities whose clients it believes. Read again where they are files. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type Credential } from '../model/opaque'
import { type OptionWords } from '../model/options'
import { refuse } from './words'

/** As PEM. */
export interface ListenerTls {
  readonly certificate: Buffer
  readonly key: Buffer
  readonly clients?: Buffer
  /** What the files hold by now: undefined where that is the same, a text where it can't be used. */
  readonly again: () => ListenerTls | string | undefined
}

type Pems = Omit<ListenerTls, 'again'>

/** Why they can't be used together. */
function oddity({ certificate, key, clients }: Pems): string | undefined {
  try {
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
      return 'the key is of another certificate'
    if (clients !== undefined) new X509Certificate(clients)
    return undefined
  } catch {
    return 'a certificate or key can not be read'
  }
}

/** The bytes as they are now, where they came from a file. */
function current(credential: Credential): Buffer {
  const file = /^file (.*)$/s.exec(credential.where)?.[1]
  return file === undefined ? credential.bytes() : readFileSync(file)
}

type Raw = { readonly certificate: Credential; readonly key: Credential; readonly clients?: Credential }

function tlsOf(raw: Raw, pems: Pems): ListenerTls {
  return {
    ...pems,
    again() {
      try {
        const fresh = {
          ...{ certificate: current(raw.certificate), key: current(raw.key) },
          ...(raw.clients === undefined ? {} : { clients: current(raw.clients) }),
        }
        const isSame =
          fresh.certificate.equals(pems.certificate) &&
          fresh.key.equals(pems.key) &&
          (fresh.clients === undefined || pems.clients === undefined || fresh.clients.equals(pems.clients))
        return isSame ? undefined : (oddity(fresh) ?? tlsOf(raw, fresh))
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    },
  }
}

function readPem(what: string, credential: Credential, ctx: z.RefinementCtx, parse: (pem: Buffer) => unknown): Buffer {
  try {
    parse(credential.bytes())
  } catch {
    refuse(
      ctx,
      `${what} ${credential.toString()} is not readable`,
      `Name a PEM file (-----BEGIN ${what === 'key' ? 'PRIVATE KEY' : 'CERTIFICATE'}-----)`,
    )
  }
  return credential.bytes()
}

/** The shape of `http.listeners[].tls`. */
export function makeTls(words: OptionWords) {
  const certificate = (pem: Buffer) => new X509Certificate(pem)
  return z
    .strictObject({
      certificate: words.credential.describe('The certificate and the chain up to its authority, as PEM.'),
      key: words.credential.describe('Its private key, as PEM.'),
      clients: words.credential
        .exactOptional()
        .describe('Authorities, as PEM, whose client certificates are as good as a token (mTLS).'),
    })
    .transform((raw, ctx): ListenerTls => {
      const before = ctx.issues.length
      const pems = {
        certificate: readPem('certificate', raw.certificate, ctx, certificate),
        key: readPem('key', raw.key, ctx, (pem) => createPrivateKey(pem)),
        ...(raw.clients === undefined ? {} : { clients: readPem('clients', raw.clients, ctx, certificate) }),
      }
      const odd = ctx.issues.length > before ? undefined : oddity(pems)
      if (odd !== undefined) refuse(ctx, odd, 'Name the key that the certificate was made for')
      return tlsOf(raw, pems)
    })
}
