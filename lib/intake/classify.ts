/** What a publish means: its class, by the order of design §5, and what of it is kept. Pure. */
import { type Content, type NotificationClass } from '../model/notification'
import { type Summary } from '../model/request'

export interface Judged {
  readonly class: NotificationClass
  readonly urgency: 'high' | 'low'
}

/** The class of a notification that is not an account's removal. Whether a call can ring is decided afterwards. */
export function classify(summary: Summary): Judged {
  const hasText = summary.body !== undefined || summary.encrypted !== undefined
  if (summary.count === 0 && !hasText) return { class: 'dismiss', urgency: 'low' }
  const isCall = summary.call?.action === 'propose' || (summary.call === undefined && summary.encrypted?.voip === true)
  if (isCall && summary.priority !== 'low') return { class: 'call', urgency: 'high' }
  // COMPAT(Tigase ≤ 8.4): `voip` marks every call message, also the one that ends a call; an alert would ring for it.
  if (summary.encrypted?.voip === true && summary.priority !== 'high') return { class: 'quiet', urgency: 'low' }
  if (summary.priority !== undefined) {
    return summary.priority === 'high' ? { class: 'message', urgency: 'high' } : { class: 'quiet', urgency: 'low' }
  }
  if (summary.call !== undefined && !hasText) return { class: 'quiet', urgency: 'low' }
  return hasText || summary.withheld === true
    ? { class: 'message', urgency: 'high' }
    : { class: 'quiet', urgency: 'low' }
}

/** Drops what the app's settings do not allow to be kept: sender and text of unencrypted messages, unless opted in. */
export function contentOf(
  summary: Summary,
  keeps: { readonly sender: boolean; readonly body: boolean; readonly encrypted: boolean; readonly extras?: boolean },
): Content {
  const { count, sender, body, nickname, encrypted, call, extras } = summary
  const content: { -readonly [K in keyof Content]: Content[K] } = {}
  if (count !== undefined) content.count = count
  if (sender !== undefined && keeps.sender) content.sender = sender
  if (body !== undefined && keeps.body) content.body = body
  if (nickname !== undefined && keeps.sender) content.nickname = nickname
  if (encrypted !== undefined && keeps.encrypted) content.encrypted = { iv: encrypted.iv, data: encrypted.data }
  if (call !== undefined && keeps.encrypted) content.call = call
  if (extras !== undefined && keeps.extras === true) content.extras = extras
  return content
}
