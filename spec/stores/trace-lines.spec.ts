import { firstNotes, readNotes } from '../../lib/stores/trace-lines'

describe('lib/stores/trace-lines', () => {
  it('names each of many publishers, again and again', () => {
    const publishers = Array.from({ length: 600 }, (_, at) => `"server"-${at}.example.com`)
    for (const publisher of [...publishers, ...publishers]) {
      expect(readNotes(firstNotes(publisher))).toEqual({ publisher, steps: [] })
    }
  })

  it('shows no token that a caller is named by, the second time neither', () => {
    const token = 'A1b2'.repeat(16)
    expect([firstNotes(token), firstNotes(token)]).toEqual(['"…A1b2"', '"…A1b2"'])
  })

  it('names nobody where nobody published', () => {
    expect(readNotes(firstNotes(undefined))).toEqual({ steps: [] })
  })
})
