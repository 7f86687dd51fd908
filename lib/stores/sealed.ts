/** What is encrypted of a delivery before it is stored: its content, and an address that a caller brought along. */
import { type Content, type Target } from '../model/notification'
import { Opaque } from '../model/opaque'

/** Short names: it is stored once per delivery. */
interface Sealed {
  readonly a?: string
  readonly e?: 'production' | 'sandbox'
  readonly c?: Content
}

/** The text to be sealed, or null where there is nothing. */
export function toBeSealed(target: Target, content: Content): string | null {
  let empty = target.to === 'registration'
  if (empty) {
    for (const _ in content) {
      empty = false
      break
    }
  }
  if (empty) return null
  const sealed: Sealed = {
    ...(target.to === 'address' ? { a: target.address.reveal() } : {}),
    ...(target.to === 'address' && target.environment !== undefined ? { e: target.environment } : {}),
    c: content,
  }
  return JSON.stringify(sealed)
}

/** Target and content again; `registration`: where it goes unless the address was sealed. What this program wrote is trusted. */
export function readSealed(
  text: string | null,
  registration: string,
): { readonly target: Target; readonly content: Content } {
  const sealed: Sealed = text === null ? {} : (JSON.parse(text) as Sealed)
  const target: Target =
    sealed.a === undefined
      ? { to: 'registration', registration }
      : { to: 'address', address: new Opaque(sealed.a), ...(sealed.e === undefined ? {} : { environment: sealed.e }) }
  return { target, content: sealed.c ?? {} }
}
