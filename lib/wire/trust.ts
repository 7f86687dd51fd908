/**
 * TLS contexts of a client that trusts further authorities beside the system's own, each made once. Knows what it costs to read the
 * world's authorities; knows nothing of certificates of our own, nor of who is spoken to.
 */
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'

/** The oldest first. */
const made = new Map<string, SecureContext>()
/** An installation has one authority of its own, or two while they change. */
const MOST = 4

/** What is asked of every peer that we connect to. */
export const TLS = { minVersion: 'TLSv1.2' } as const

/** The `ca` that adds these authorities (PEM) to the system's own, instead of taking their place; nothing where there are none. */
export function beside(ca: Buffer | undefined): { readonly ca?: string[] } {
  return ca === undefined ? {} : { ca: [...rootCertificates, ca.toString('utf8')] }
}

/** Trusts the system's authorities and these (PEM). Throws what OpenSSL says where they can't be read. */
export function trusting(ca: Buffer | undefined): SecureContext {
  const key = ca?.toString('utf8') ?? ''
  // Reading all of the world's authorities takes a twentieth of a second, and every app and every reload would.
  const context = made.get(key) ?? createSecureContext({ ...TLS, ...beside(ca) })
  made.delete(key)
  made.set(key, context)
  const [oldest] = made.keys()
  if (made.size > MOST && oldest !== undefined) made.delete(oldest)
  return context
}
