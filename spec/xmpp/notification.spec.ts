import { parse } from 'ltx'
import { PUSH, readItems } from '../../lib/xmpp/notification'

const read = (inside: string) =>
  readItems([parse(`<item><notification xmlns='${PUSH}'>${inside}</notification></item>`)])
const jingle = (attrs: string, inside = '') => read(`<jingle xmlns='tigase:push:jingle:0' ${attrs}>${inside}</jingle>`)

describe('lib/xmpp/notification', () => {
  it('reads a call with its session and media', () => {
    expect(jingle(`action='propose' sid='a1'`, '<media>audio</media>')).toMatchObject({
      call: { action: 'propose', sid: 'a1', media: ['audio'] },
    })
  })

  it('takes nothing of a call that is longer than a name, and still rings', () => {
    const long = 'x'.repeat(100_000)
    expect(jingle(`action='propose' sid='${long}'`, `<media>${long}</media><media>video</media>`)).toEqual({
      call: { action: 'propose', media: ['video'] },
      accountRemoved: false,
    })
    expect(jingle(`action='${long}'`)).toEqual({ accountRemoved: false })
  })

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('takes a field named %s for nothing', (name) => {
    expect(read(`<x xmlns='jabber:x:data'><field var='${name}'><value>1</value></field></x>`)).toEqual({
      accountRemoved: false,
    })
  })

  it('takes the first of a field that is there twice, and passes over one that is too long', () => {
    const field = (value: string) => `<field var='last-message-body'><value>${value}</value></field>`
    expect(read(`<x xmlns='jabber:x:data'>${field('x'.repeat(1_000_000))}${field('one')}${field('two')}</x>`)).toEqual({
      body: 'one',
      accountRemoved: false,
    })
  })
})
