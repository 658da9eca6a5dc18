//! What the driver reads: lines `name value`.
use std::time::Instant;

fn read_usage() -> (f64, f64, f64) {
    let used = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut used);
        used
    };
    let seconds = |x: libc::timeval| x.tv_sec as f64 + x.tv_usec as f64 * 1e-6;
    (
        seconds(used.ru_utime) + seconds(used.ru_stime),
        used.ru_nvcsw as f64,
        used.ru_nivcsw as f64,
    )
}

pub fn print(name: &str, value: f64) {
    println!("{name} {value}");
}

/// The measured part of a run: from its creation until it is reported.
pub struct Phase {
    before: (f64, f64, f64),
    start: Instant,
}

impl Phase {
    pub fn start() -> Phase {
        Phase {
            before: read_usage(),
            start: Instant::now(),
        }
    }

    pub fn report(self, operations: usize) {
        self.finish(operations as f64, |_| ());
    }

    /// Prints the rate of runs.
    pub fn report_rate(self, count: usize) {
        self.finish(count as f64, |s| print("per_s", count as f64 / s));
    }

    /// Prints the rate of a flow of bytes; a MiB is an operation.
    pub fn report_flow(self, bytes: usize) {
        let mib = bytes as f64 / 1048576.0;
        self.finish(mib, |s| print("mib_per_s", mib / s));
    }

    fn finish(self, operations: f64, more: impl Fn(f64)) {
        let seconds = self.start.elapsed().as_secs_f64();
        let now = read_usage();
        more(seconds);
        print("seconds", seconds);
        print("operations", operations);
        print("cpu_s", now.0 - self.before.0);
        print("nvcsw", now.1 - self.before.1);
        print("nivcsw", now.2 - self.before.2);
    }
}

/// Prints median, 99th percentile and mean of times in seconds.
pub fn print_times(mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    print("p50_us", times[times.len() / 2] * 1e6);
    print("p99_us", times[times.len() * 99 / 100] * 1e6);
    print("mean_us", mean * 1e6);
}

/// Returns the KiB of memory that only this process has.
pub fn private_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|x| x.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Returns the number of open descriptors.
pub fn open_descriptors() -> f64 {
    std::fs::read_dir("/proc/self/fd").unwrap().count() as f64 - 1.0
}
