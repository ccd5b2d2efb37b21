/** Base units by number. IPMI 2.0 §43.17 */
const names = (
  'unspecified,°C,°F,K,V,A,W,J,C,VA,nit,lm,lx,cd,kPa,PSI,N,CFM,RPM,Hz,µs,ms,s,min,h,d,wk,mil,in,ft,in³,ft³,mm,cm,m,cm³,m³,l,fl oz,' +
  'rad,sr,rev,cycles,g,oz,lbf,ft-lbf,oz-in,gauss,gilbert,H,mH,F,µF,Ω,S,mol,Bq,ppm,reserved,dB,dBA,dBC,Gy,Sv,color temp K,' +
  'bit,kbit,Mbit,Gbit,byte,KB,MB,GB,word,dword,qword,line,hit,miss,retry,reset,overflow,underrun,collision,packets,messages,' +
  'characters,errors,correctable errors,uncorrectable errors,fatal errors,grams'
).split(',');

const rates = ['', '/µs', '/ms', '/s', '/min', '/h', '/d', ''] as const;

/** Unit fields of a sensor record. IPMI 2.0 §43.1, bytes 21-23 */
export interface Unit {
  readonly base: number;
  readonly modifier: number;
  /** 0 none, 1 base / modifier, 2 base * modifier. */
  readonly relation: number;
  /** 0 none, 1 to 6: per µs, ms, s, minute, hour, day. */
  readonly rate: number;
  readonly percentage: boolean;
}

/** A unit as text, such as `RPM`, `%`, `W/h`; empty where it is unspecified. IPMI 2.0 §43.17 */
export function unitText(unit: Unit): string {
  const name = (number: number): string => (number === 0 ? '' : (names[number] ?? `unit ${number}`));
  const joint = unit.relation === 1 ? '/' : unit.relation === 2 ? '*' : '';
  const joined = joint === '' ? name(unit.base) : `${name(unit.base)}${joint}${name(unit.modifier)}`;
  const text = `${joined}${rates[unit.rate & 0x07] ?? ''}`;
  return unit.percentage ? `%${text === '' ? '' : ` ${text}`}` : text;
}
