using Appliance.Contracts;

namespace Appliance.Watch;

/// <summary>What people may do at the watch.</summary>
internal static class Permissions
{
    public const string ReadItemsId = "watch.item.read";

    public const string DecideItemsId = "watch.item.decide";

    public const string ManageFeedsId = "watch.feed.manage";

    public const string ReadAdvisoriesId = "watch.advisory.read";

    public const string WriteAdvisoriesId = "watch.advisory.write";

    public const string ApproveAdvisoriesId = "watch.advisory.approve";

    public const string PublishAdvisoriesId = "watch.advisory.publish";

    public const string ManageSubscribersId = "watch.subscriber.manage";

    public static readonly Permission ReadItems = new(ReadItemsId);

    public static readonly Permission DecideItems = new(DecideItemsId);

    public static readonly Permission ManageFeeds = new(ManageFeedsId);

    public static readonly Permission ReadAdvisories = new(ReadAdvisoriesId);

    public static readonly Permission WriteAdvisories = new(WriteAdvisoriesId);

    public static readonly Permission ApproveAdvisories = new(ApproveAdvisoriesId);

    public static readonly Permission PublishAdvisories = new(PublishAdvisoriesId);

    public static readonly Permission ManageSubscribers = new(ManageSubscribersId);
}
