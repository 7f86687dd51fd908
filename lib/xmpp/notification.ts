/** XEP-0357 v0.4.1 §7: what a `<notification/>` says, with Tigase's extensions; unknown children are passed over. */
import { type Element } from 'ltx'
import { type Fields } from '../dialects/dialect'
import { type Malformed, type Summary } from '../model/request'
import { attribute } from './element'
import { FORMS, fieldsOf, valueOf } from './forms'

export const PUSH = 'urn:xmpp:push:0'

const LONGEST_TEXT = 2048
/** Of a call's action, session id and media: names, no texts. */
const LONGEST_NAME = 256
const LONGEST_CIPHERTEXT = 16_384

/** What the item(s) of a publish hold, before it is read. */
export interface Found {
  readonly fields: Fields
  /** There is a field for the text of the last message, with a text or without. */
  readonly namesBody: boolean
  /** What stands beside the form. */
  readonly others: readonly Element[]
}

/** Reads the item(s) of a publish. */
export function readItems(items: readonly Element[]): Summary | Malformed {
  const found = findIn(items)
  if ('malformed' in found) return found
  return summaryOf((name) => valueOf(found.fields, name), found.namesBody, found.others)
}

/** Finds what there is to read in the item(s) of a publish. */
export function findIn(items: readonly Element[]): Found | Malformed {
  const [item] = items
  if (item === undefined) return { malformed: 'item-required', text: 'A publish needs one <item/>.' }
  if (items.length > 1) return { malformed: 'invalid-payload', text: 'A publish carries exactly one <item/>.' }
  const children = item.getChildElements()
  const notification = children.find((child) => child.getName() === 'notification' && child.getNS() === PUSH)
  if (notification === undefined) {
    return children.length === 0
      ? { malformed: 'payload-required', text: `The item needs a <notification xmlns='${PUSH}'/>.` }
      : { malformed: 'invalid-payload', text: `The item's payload must be a <notification xmlns='${PUSH}'/>.` }
  }
  const inside = notification.getChildElements()
  // COMPAT(Prosody mod_cloud_notify 2021-01 to 2021-02): the form stands beside the notification.
  // COMPAT(Metronome ≤ 4): the fields stand in the notification itself, without a form.
  const forms = [...inside.filter(isForm), ...children.filter(isForm), notification]
  const fields = fieldsOf(...forms)
  const namesBody = fields.has('last-message-body') || forms.some(hasFieldOfBody)
  const others = inside.filter((child) => child.getName() !== 'field' && !isForm(child))
  return { fields, namesBody, others }
}

/** A summary that is being read. */
type Draft = { -readonly [K in keyof Summary]: Summary[K] }

/** The first value of a field. */
export type Said = (field: string) => string | undefined

function isForm(element: Element): boolean {
  return element.getName() === 'x' && element.getNS() === FORMS
}

function hasFieldOfBody(form: Element): boolean {
  return form.getChildren('field').some((field) => attribute(field, 'var') === 'last-message-body')
}

/** What is said by the fields of a notification and by what stands beside its form. */
export function summaryOf(said: Said, namesBody: boolean, others: readonly Element[] = []): Summary {
  const summary: Draft = { accountRemoved: false }
  const count = countOf(said('message-count'))
  if (count !== undefined) summary.count = count
  const sender = bounded(said('last-message-sender'), LONGEST_TEXT)
  if (sender !== undefined) summary.sender = sender
  const body = bounded(said('last-message-body'), LONGEST_TEXT)
  if (body !== undefined) summary.body = body
  if (isWithheld(said, namesBody)) summary.withheld = true
  // Most publishes have none.
  if (others.length > 0) readExtensions(summary, others)
  const call = summary.call ?? hintedCallOf(said)
  if (call !== undefined) summary.call = call
  return summary
}

/** What stands beside the form. */
function readExtensions(summary: Draft, others: readonly Element[]): void {
  const named = (name: string, ...namespaces: string[]): Element | undefined =>
    others.find((child) => child.getName() === name && namespaces.includes(child.getNS() ?? ''))
  const room = named('groupchat', 'http://tigase.org/protocol/muc#offline')
  const nickname = bounded(room?.getChildText('nickname') ?? undefined, LONGEST_TEXT)
  if (nickname !== undefined) summary.nickname = nickname
  const priority = named('priority', 'tigase:push:priority:0', 'urn:xmpp:push:priority:0')?.getText().trim()
  if (priority === 'high' || priority === 'low') summary.priority = priority
  const encrypted = encryptedOf(named('encrypted', 'tigase:push:encrypt:0'))
  if (encrypted !== undefined) summary.encrypted = encrypted
  const call = callOf(named('jingle', 'tigase:push:jingle:0'))
  if (call !== undefined) summary.call = call
  const extras = extrasOf(others)
  if (extras !== undefined) summary.extras = extras
  const event = named('event', 'http://tigase.org/protocol/account#event')
  summary.accountRemoved = event !== undefined && attribute(event, 'name') === 'account-removed'
}

/**
 * COMPAT(Metronome ≤ 4; ejabberd with `include_body: false`; Tigase without bodies): these summarise messages only, and leave the
 * text's field out. Prosody and Openfire, which summarise anything, send that field always, without a value where there is no text.
 */
function isWithheld(said: Said, namesBody: boolean): boolean {
  return !namesBody && said('FORM_TYPE') === 'urn:xmpp:push:summary' && said('jingle-message') === undefined
}

/** COMPAT(MongooseIM, hints plugin): a call message is summarised by fields of its own. */
function hintedCallOf(said: Said): Summary['call'] {
  const action = said('jingle-message')
  return action === undefined ? undefined : calling(action, said('jingle-session-id'), [])
}

const MOST_EXTRAS = 16
const spokenFor = /^(?:jabber:x:data|tigase:push:.*|http:\/\/tigase\.org\/.*|urn:xmpp:push:priority:0)$/

/**
 * COMPAT(Openfire's pushserver plugin): what stands beside the form is meant for the app, by its name. What Tigase and others have in
 * namespaces of their own is none of it.
 */
function extrasOf(others: readonly Element[]): Summary['extras'] {
  const found = others
    .filter((child) => !spokenFor.test(child.getNS() ?? ''))
    .map((child) => [child.getName(), bounded(child.getText(), LONGEST_TEXT)] as const)
    .filter((each): each is readonly [string, string] => each[1] !== undefined && each[0].length <= LONGEST_NAME)
  return found.length === 0 ? undefined : Object.fromEntries(found.slice(0, MOST_EXTRAS))
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\d{1,9}\s*$/.test(text)) return undefined
  return Number(text)
}

/** Cut at a code point, so that no half character goes on. */
function bounded(text: string | undefined, most: number): string | undefined {
  if (text === undefined || text === '') return undefined
  return text.length <= most ? text : text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
}

function encryptedOf(element: Element | undefined): Summary['encrypted'] {
  if (element === undefined) return undefined
  const iv = attribute(element, 'iv')
  const data = element.getText().replace(/\s+/g, '')
  if (iv === undefined || data === '' || data.length > LONGEST_CIPHERTEXT || iv.length > 64) return undefined
  return { iv, data, voip: attribute(element, 'type') === 'voip' }
}

function callOf(element: Element | undefined): Summary['call'] {
  if (element === undefined) return undefined
  const media = element.getChildren('media').map((child) => child.getText())
  return calling(attribute(element, 'action'), attribute(element, 'sid'), media)
}

/** What is too long for a name is none. */
function calling(action: string | undefined, sid: string | undefined, media: readonly string[]): Summary['call'] {
  if (action === undefined || action.length > LONGEST_NAME) return undefined
  return {
    action,
    ...(sid === undefined || sid.length > LONGEST_NAME ? {} : { sid }),
    media: media.filter((name) => name.length <= LONGEST_NAME).slice(0, 8),
  }
}
