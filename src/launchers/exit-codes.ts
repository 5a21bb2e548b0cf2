// Exit codes of trainer/run.py that platforms are told about (trainer/ft_trainer/exit_codes.py).

/** Interrupted, everything saved: to be started again. */
export const resumeMe = 33;
