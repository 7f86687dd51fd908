import { classify, contentOf } from '../../lib/intake/classify'
import { type Summary } from '../../lib/model/request'

const nothing: Summary = { accountRemoved: false }
const encrypted = { iv: 'aXY=', data: 'ZGF0YQ==', voip: false }

describe('intake/classify', () => {
  const table: readonly (readonly [string, Partial<Summary>, string, string])[] = [
    ['a text is a message', { body: 'New Message!', count: 1 }, 'message', 'high'],
    ['ciphertext is a message', { encrypted }, 'message', 'high'],
    ['nothing at all is quiet', {}, 'quiet', 'low'],
    ['a count without a text is quiet', { count: 1 }, 'quiet', 'low'],
    ['a sender without a text is quiet', { sender: 'juliet@example.net' }, 'quiet', 'low'],
    ['a summary that has no place for a text is a message', { count: 1, withheld: true }, 'message', 'high'],
    ['a count of 0 dismisses, whatever else is missing', { count: 0, withheld: true }, 'dismiss', 'low'],
    ['the end of a call is quiet', { call: { action: 'accept', media: [] }, withheld: true }, 'quiet', 'low'],
    ['a count of 0 dismisses', { count: 0 }, 'dismiss', 'low'],
    ['a count of 0 beside a text is still a message', { count: 0, body: 'New Message!' }, 'message', 'high'],
    ['a high priority makes a message of anything', { priority: 'high' }, 'message', 'high'],
    ['a low priority makes a text quiet', { priority: 'low', body: 'x' }, 'quiet', 'low'],
    ['a Jingle proposal is a call', { call: { action: 'propose', sid: 's', media: ['audio'] } }, 'call', 'high'],
    ['ciphertext marked voip is a call', { encrypted: { ...encrypted, voip: true } }, 'call', 'high'],
    ['a call of low priority is none', { encrypted: { ...encrypted, voip: true }, priority: 'low' }, 'quiet', 'low'],
    [
      'the end of a call, which Tigase marks voip too, is quiet',
      { encrypted: { ...encrypted, voip: true }, call: { action: 'retract', media: [] } },
      'quiet',
      'low',
    ],
    ['another Jingle action is no call', { call: { action: 'retract', media: [] } }, 'quiet', 'low'],
  ]

  it.each(table)('%s', (_name, facts, expected, urgency) => {
    expect(classify({ ...nothing, ...facts })).toEqual({ class: expected, urgency })
  })

  const said: Summary = {
    ...nothing,
    count: 2,
    sender: 'juliet@example.net',
    body: 'Art thou?',
    nickname: 'J',
    encrypted,
  }

  it('drops sender, nickname and text unless the app opted in', () => {
    expect(contentOf(said, { sender: false, body: false, encrypted: false })).toEqual({ count: 2 })
  })

  it('keeps what the app opted in to, and ciphertext where the app can read it', () => {
    expect(contentOf(said, { sender: true, body: true, encrypted: true })).toEqual({
      count: 2,
      sender: 'juliet@example.net',
      body: 'Art thou?',
      nickname: 'J',
      encrypted: { iv: 'aXY=', data: 'ZGF0YQ==' },
    })
  })
})
