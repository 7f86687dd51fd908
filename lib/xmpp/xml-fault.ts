/** Why a stream of XML is read no more. */

/** `condition` is that of RFC 6120 §4.9.3; the message is for the person who reads the log. */
export class XmlFault extends Error {
  constructor(
    readonly condition: 'not-well-formed' | 'policy-violation' | 'restricted-xml' | 'unsupported-encoding',
    readonly why: string,
  ) {
    super(why)
  }
}
