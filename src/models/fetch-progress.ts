// What fetching a model says about itself while it works.

export interface FetchProgress {
  /** "downloading org/name", "converting ...": a phrase for a person. */
  label: string;
  doneBytes?: number;
  totalBytes?: number;
}

export type OnFetchProgress = (progress: FetchProgress) => void;
