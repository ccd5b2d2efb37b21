/** A download that ends: trying again would end in the same way. */
export class DownloadFailure extends Error {
  override readonly name = 'DownloadFailure';
}

/** The share of one download in the space of the file system. */
export interface Room {
  /** Rejects with DownloadFailure when so many further bytes do not fit beside what other downloads still need. */
  need(bytes: number): Promise<void>;
  leave(): void;
}

/** Space that downloads share; `spareBytes` stay free. */
export function createRooms(free: () => Promise<number>, spareBytes: number): () => Room {
  const wanted = new Map<Room, number>();
  return () => {
    const room: Room = {
      async need(bytes) {
        wanted.set(room, bytes);
        const left = (await free()) - spareBytes;
        let all = 0;
        for (const one of wanted.values()) all += one;
        if (all <= left) return;
        const others = all - bytes;
        throw new DownloadFailure(
          `there is not space enough in the data directory: ${bytes} bytes are needed, ${Math.max(0, left - others)} are free` +
            ` (${spareBytes} are kept for the database${others > 0 ? `, ${others} for other downloads` : ''})`,
        );
      },
      leave: () => void wanted.delete(room),
    };
    wanted.set(room, 0);
    return room;
  };
}
