using System.Text;

namespace GeoRegistry.Cli.Up;

/// <summary>
/// The file that a process's output is added to, line by line. A file that cannot be written, on a full disk, costs its
/// lines and nothing else.
/// </summary>
internal sealed class ChildLog : IDisposable
{
    private readonly Lock _writing = new();
    private FileStream? _file;
    private long _lostLines;
    private string? _loss;
    private bool _isTold;

    /// <param name="path">The file, which is made where it is missing.</param>
    public ChildLog(string path) => Path = path;

    /// <summary>The file's path.</summary>
    public string Path { get; }

    /// <summary>Adds a line. After lines that were lost it says how many.</summary>
    public void Write(string line)
    {
        lock (_writing)
        {
            try
            {
                // Unbuffered, so that what could not be written is not written again with the next line.
                _file ??= new FileStream(Path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
                var lost = _lostLines > 0 ? $"\n({_lostLines} lines could not be written here)\n" : "";
                _file.Write(Encoding.UTF8.GetBytes($"{lost}{line}\n"));
                _lostLines = 0;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _lostLines++;
                _loss ??= $"{Path} cannot be written: {e.Message} The process goes on; what it says is lost until the log can be written.";
            }
        }
    }

    /// <summary>What to say of the first line that could not be written: null where there was none, or it was taken already.</summary>
    public string? TakeLoss()
    {
        lock (_writing)
        {
            if (_loss is null || _isTold) return null;
            _isTold = true;
            return _loss;
        }
    }

    public void Dispose() => _file?.Dispose();
}
