using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Sensing.Sensors;

namespace Appliance.Sensing.Captures;

/// <summary>Asks what captures and packets take.</summary>
internal sealed record ShowCaptureRoomRequest;

/// <summary>The disk of the sensors' folders and what lies there, in bytes.</summary>
/// <param name="Size">Of the disk with the least room.</param>
/// <param name="Free">What an ordinary user can still write to it.</param>
/// <param name="Captures">Captures that were not discarded.</param>
/// <param name="Unfinished">What has come of unfinished uploads.</param>
/// <param name="Extracts">Packets that were asked for behind alerts.</param>
/// <param name="Ring">The last packets that the sensors keep by themselves.</param>
/// <param name="RingBudget">What they may keep.</param>
internal sealed record CaptureRoom(long Size, long Free, long Captures, long Unfinished, long Extracts, long Ring, long RingBudget);

/// <summary>The gauge of the captures page, counted on the disk.</summary>
internal sealed class ShowCaptureRoom(SensorFolders folders, SensingOptions options) : Query<ShowCaptureRoomRequest, CaptureRoom>
{
    public override Permission Permission => Permissions.Look;

    protected override async Task<Outcome<CaptureRoom>> HandleAsync(Viewer viewer, ShowCaptureRoomRequest request, CancellationToken cancel)
    {
        var room = new CaptureRoom(0, 0, 0, 0, 0, 0, 0);
        foreach (var sensor in (await folders.RegisterAsync(cancel)).Where(static s => s.IsOurs && Directory.Exists(s.Path)))
        {
            var disk = new DriveInfo(sensor.Path);
            if (room.Size == 0 || disk.AvailableFreeSpace < room.Free)
                room = room with { Size = disk.TotalSize, Free = disk.AvailableFreeSpace };
            var packets = Path.Combine(sensor.Path, "packets");
            room = room with
            {
                Captures = room.Captures + Bytes(UploadFolder.Captures(sensor), static f => f.Name[0] != '.'),
                Unfinished = room.Unfinished + Bytes(UploadFolder.Captures(sensor), static f => f.Extension == ".part"),
                Extracts = room.Extracts + Bytes(Path.Combine(packets, "extracted"), static _ => true),
                Ring = room.Ring + Bytes(packets, static _ => true),
                RingBudget = room.RingBudget + ((long)options.PacketsBudgetMib << 20),
            };
        }
        return room;
    }

    private static long Bytes(string folder, Func<FileInfo, bool> counts)
    {
        if (!Directory.Exists(folder))
            return 0;
        // The sensor deletes while this looks: what is gone takes no room.
        return new DirectoryInfo(folder).EnumerateFiles().Where(counts).Sum(static f => f.Exists ? f.Length : 0);
    }
}
