/**
 * Whether a browser's page of this origin may open a stream: only pages of the API itself, as the client or publicUrl names it.
 * Programs send no Origin. RFC 6455 §10.2
 */
export function isOwnOrigin(
  origin: string | undefined,
  own: {
    readonly protocol: string;
    readonly host: string | undefined;
    readonly publicUrl: string | undefined;
  },
): boolean {
  if (origin === undefined) return true;
  const urls = [own.publicUrl, own.host === undefined ? undefined : `${own.protocol}://${own.host}`];
  return urls.some((url) => url !== undefined && URL.canParse(url) && new URL(url).origin === origin);
}
