using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TcpShell.Pcap.Files;

/// <summary>Opens what somebody else is still writing: a file that grows, a named pipe, the standard input. Waiting for more can be ended at any time.</summary>
public static class GrowingInput
{
    /// <summary>How long one waits for more before it is asked again whether to go on waiting.</summary>
    private const int PauseMilliseconds = 100;

    /// <summary>Opens a file or a named pipe.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="wait">Whether the end of a file is waited at for more. A pipe ends with its writer.</param>
    /// <param name="isOver">Asked while waiting, ten times a second: once it says so, the stream ends.</param>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static Stream Open(string path, bool wait, Func<bool> isOver)
    {
        ArgumentNullException.ThrowIfNull(isOver);
        var options = new FileStreamOptions { BufferSize = 0, Share = FileShare.ReadWrite | FileShare.Delete };
        FileStream file = OperatingSystem.IsWindows() ? new FileStream(path, options) : new FileStream(UnixPipe.Open(path), FileAccess.Read, bufferSize: 0);
        return file.CanSeek ? (wait ? new GrowingFile(file, isOver) : file) : OperatingSystem.IsWindows() ? file : new UnixPipe(file.SafeFileHandle, isOver);
    }

    /// <summary>Opens the standard input.</summary>
    /// <param name="isOver">Asked while waiting, ten times a second: once it says so, the stream ends. On Windows only when something has come.</param>
    public static Stream OpenStandardInput(Func<bool> isOver)
    {
        ArgumentNullException.ThrowIfNull(isOver);
        return OperatingSystem.IsWindows() ? Console.OpenStandardInput() : new UnixPipe(new SafeFileHandle(0, ownsHandle: false), isOver);
    }

    /// <summary>A file at whose end one waits.</summary>
    private sealed class GrowingFile(FileStream file, Func<bool> isOver) : ForwardStream
    {
        public override int Read(Span<byte> buffer)
        {
            while (true)
            {
                int count = file.Read(buffer);
                if (count > 0 || isOver())
                {
                    return count;
                }

                Thread.Sleep(PauseMilliseconds);
            }
        }

        protected override void Dispose(bool disposing)
        {
            file.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>
    /// A pipe that is asked for data instead of read from at once: a read could not be ended before the writer does something, and neither could
    /// the opening of a named pipe that nobody writes to yet.
    /// </summary>
    private sealed class UnixPipe(SafeFileHandle handle, Func<bool> isOver) : ForwardStream
    {
        private const int TryAgain = 11; // EAGAIN
        private const int Interrupted = 4; // EINTR
        private const int NotPermitted = 13; // EACCES

        public static SafeFileHandle Open(string path)
        {
            SafeFileHandle file = UnixFile.Open(path);
            return file.IsInvalid ? throw Failure(path, Marshal.GetLastPInvokeError()) : file;
        }

        // The kinds and the number of the error are those that a FileStream would give.
        private static Exception Failure(string path, int error)
        {
            string message = $"'{path}' cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}.";
            return error == NotPermitted ? new UnauthorizedAccessException(message) : new IOException(message, error);
        }

        public override int Read(Span<byte> buffer)
        {
            while (!isOver())
            {
                if (!UnixFile.WaitForInput((int)handle.DangerousGetHandle(), PauseMilliseconds))
                {
                    continue;
                }

                nint count = Read(handle, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
                if (count >= 0)
                {
                    return (int)count;
                }

                if (Marshal.GetLastPInvokeError() is not (TryAgain or Interrupted))
                {
                    throw new IOException($"The pipe cannot be read: {Marshal.GetLastPInvokeErrorMessage()}.");
                }
            }

            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            handle.Dispose();
            base.Dispose(disposing);
        }

        [DllImport("libc", EntryPoint = "read", SetLastError = true)]
        private static extern nint Read(SafeFileHandle handle, ref byte buffer, nuint length);
    }
}
