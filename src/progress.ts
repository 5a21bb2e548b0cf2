// What long work (downloads, conversions, installs) says about itself while it goes on.

export interface Progress {
  /** "downloading org/name", "converting ...": a phrase for a person. */
  label: string;
  doneBytes?: number;
  totalBytes?: number;
}

export type OnProgress = (progress: Progress) => void;
